import { main } from '../vllm.ts';

await main();
