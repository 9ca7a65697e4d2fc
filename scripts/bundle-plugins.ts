import http from 'node:http';
import https from 'node:https';
import { fileURLToPath } from 'node:url';
import type { RolldownPlugin } from 'rolldown';
import { vocabulary } from '../src/adapters/cl100k/vocabulary.ts';

const modules: Readonly<Record<string, object>> = { 'node:http': http, 'node:https': https };

/**
 * Has the bundle take `node:http` and `node:https` without what they load when it is asked for, which an import would do at once:
 * the client of `fetch` and `WebSocket`, 40 ms at each start of a process that needs neither.
 */
export const httpModule: RolldownPlugin = {
  name: 'http-module',
  resolveId(id) {
    return id in modules ? { id: `\0${id}` } : null;
  },
  load(id) {
    const name = id.slice(1);
    const found = id.startsWith('\0') ? modules[name] : undefined;
    if (found === undefined) return null;
    const named = Object.entries(Object.getOwnPropertyDescriptors(found))
      .filter(([, { get }]) => get === undefined)
      .map(([key]) => `export const ${key} = builtin.${key};`);
    const builtin = `const builtin = process.getBuiltinModule(${JSON.stringify(name)});`;
    return { code: [builtin, 'export default builtin;', ...named].join('\n'), moduleSideEffects: false };
  },
};

const vocabularyModule = fileURLToPath(new URL('../src/adapters/cl100k/vocabulary.ts', import.meta.url));

/** Has the bundle take the packed vocabulary of the tokenizer, instead of the list that it is made of. */
export const packedVocabulary: RolldownPlugin = {
  name: 'packed-vocabulary',
  load(id) {
    return id === vocabularyModule ? `export const vocabulary = ${JSON.stringify(vocabulary)};` : null;
  },
};

/** Has the commands take oclif from the one file that `bin/run.js` takes it from, too: 200 files less at each start. */
export const bundledOclif: RolldownPlugin = {
  name: 'bundled-oclif',
  resolveId: (id) => (id === '@oclif/core' ? { id: '#oclif', external: true } : null),
};
