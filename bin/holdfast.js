// The same as `bin/holdfast` for systems without a POSIX shell: `node bin/holdfast.js …`, with Node 24.12 or newer.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `holdfast: needs Node.js 24.12 or newer, found ${process.execPath}, version ${process.version}`,
  );
  console.error('hint: install Node.js 24 (https://nodejs.org/en/download)');
  process.exit(1);
}

const inCheckout = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const inPackage = fileURLToPath(new URL('../dist/main.cjs', import.meta.url));
const main = existsSync(inCheckout) ? inCheckout : inPackage;
const young = process.argv.includes('serve') ? 2 : 1;
const flags = [
  `--max-semi-space-size=${young}`,
  '--heap-growing-percent=50',
  '--disable-warning=ExperimentalWarning',
];
const program = spawn(process.execPath, [...flags, main, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, HOLDFAST_INVOKED_AS: 'holdfast' },
});

// Ctrl-C reaches every process of a console; the program ends in its own time and this one follows it.
for (const signal of ['SIGINT', 'SIGBREAK']) process.on(signal, () => {});
program.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
