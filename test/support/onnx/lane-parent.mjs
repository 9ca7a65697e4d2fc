/** Starts a lane, gives it a frame that takes it long, says the lane's process id, and waits to be killed. */
import { spawn } from 'node:child_process';

const [, , program = '', options = '', frameBytes = '0'] = process.argv;
const lane = spawn(process.execPath, [program, '--lane', options], { stdio: ['pipe', 'pipe', 'inherit'] });
lane.stdout.once('data', () => {
  lane.stdin.write(Buffer.from([1, 0, 0, 0]));
  lane.stdin.write(Buffer.alloc(Number(frameBytes)), () => console.log(lane.pid));
});
