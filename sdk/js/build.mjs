// Bundles connector.js and turns it into dist/component.wasm; `keyway connector build` runs this and adds the manifest.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { componentize } from 'componentize-qjs';
import { build } from 'esbuild';

const entry = process.argv[2] ?? (existsSync('connector.ts') ? 'connector.ts' : 'connector.js');
const contract = process.env.KEYWAY_WIT;
if (!contract) throw new Error('run `keyway connector build`: it brings the contract');

const readme = { name: 'text', setup: (build) => build.onLoad({ filter: /\.(md|svg)$/ }, async ({ path }) => ({ contents: await readFile(path, 'utf8'), loader: 'text' })) };
const bundled = await build({
  entryPoints: [entry], bundle: true, write: false, format: 'esm', target: 'es2022', external: ['keyway:*'], plugins: [readme], metafile: true,
});
const js = bundled.outputFiles[0].text;
const used = Object.values(bundled.metafile.outputs)[0].imports.map(({ path }) => path.split('@')[0].split('/')[1]);
const exported = Object.values(bundled.metafile.outputs)[0].exports;
const kind = ['sms', 'email', 'social'].find((name) => exported.includes(name));
if (!kind) throw new Error(`${entry} must export what defineSms, defineEmail or defineSocial returned`);

// A world with just what the code imports, so that the component asks for nothing else.
const always = ['log', 'clock', 'random', 'crypto', 'http'];
const imports = [...new Set([...always, ...used])].map((name) => `import keyway:host/${name}@1.0.0;`);
const kinds = exported.includes('socialTokens') ? [kind, 'social-tokens'] : [kind];
const exports = ['meta', 'config', ...kinds].map((name) => `export keyway:connector/${name}@1.0.0;`);
const folder = await mkdtemp(join(tmpdir(), 'keyway-connector-'));
try {
  await cp(contract, folder, { recursive: true });
  await writeFile(join(folder, 'world.wit'), `package keyway:build;\nworld connector {\n${[...imports, ...exports].join('\n')}\n}\n`);
  const { component } = await componentize({ witPath: folder, jsSource: js, world: 'connector', stubWasi: true, sync: true });
  await mkdir('dist', { recursive: true });
  await writeFile('dist/component.wasm', component);
} finally {
  await rm(folder, { recursive: true });
}
