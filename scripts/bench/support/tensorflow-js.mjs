/**
 * Computes with a network as UpscalerJS does, in TensorFlow.js: `node tensorflow-js.mjs PACKAGES MODEL WIDTH HEIGHT ROUNDS`,
 * where PACKAGES has `@tensorflow/tfjs` and `@tensorflow/tfjs-backend-wasm` in its `node_modules`. Says how many
 * seconds of CPU and of time a frame took with WASM; plain JavaScript takes twenty times as long.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const [packages, folder, width, height, rounds] = process.argv.slice(2);
const required = createRequire(join(packages, 'x.js'));
const tf = required('@tensorflow/tfjs');
const wasm = required('@tensorflow/tfjs-backend-wasm');
wasm.setWasmPaths(`${dirname(required.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
const stored = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
const [{ paths, weights: weightSpecs }] = stored.weightsManifest;
const numbers = Buffer.concat(paths.map((path) => readFileSync(join(folder, path))));
const source = {
  modelTopology: stored.modelTopology,
  weightSpecs,
  weightData: new Uint8Array(numbers).buffer,
};
const picture = Float32Array.from({ length: width * height * 3 }, (_, index) => (index * 37) % 256);
const measured = {};
for (const backend of ['wasm']) {
  await tf.setBackend(backend);
  await tf.ready();
  const model = await tf.loadLayersModel({ load: async () => source });
  const once = async () => {
    const result = tf.tidy(() =>
      model.predict(tf.tensor4d(picture, [1, +height, +width, 3])).clipByValue(0, 255),
    );
    await result.data();
    result.dispose();
  };
  await once();
  const begunMs = performance.now();
  const begunCpu = process.cpuUsage();
  for (let round = 0; round < rounds; round++) await once();
  const { user, system } = process.cpuUsage(begunCpu);
  measured[backend] = {
    seconds: (performance.now() - begunMs) / 1000 / rounds,
    cpuSeconds: (user + system) / 1e6 / rounds,
  };
}
console.log(JSON.stringify(measured));
