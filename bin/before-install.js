// npm runs this before the install scripts of the packages that cosmos depends on. The one of ONNX Runtime downloads several
// hundred megabytes for NVIDIA GPUs from a server of its own, and where that fails, npm leaves ONNX Runtime out without a
// word. So the download is made only when it is asked for: ONNXRUNTIME_NODE_INSTALL=cuda12 npm install -g …
import { existsSync, rmSync, writeFileSync } from 'node:fs';

const asked = process.env.ONNXRUNTIME_NODE_INSTALL || process.env.npm_config_onnxruntime_node_install;
const script = new URL('../node_modules/onnxruntime-node/script/install.js', import.meta.url);
// Only in a copy of its own, which no other program uses; a checkout sets the variable itself.
if (!asked && import.meta.url.includes('/node_modules/') && existsSync(script)) {
  // Removed first, because the file may have a second name in a cache.
  rmSync(script);
  writeFileSync(script, '// The download for GPUs was not asked for: see bin/before-install.js of cosmos.\n');
}
