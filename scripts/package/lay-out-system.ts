import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { serviceJobs, serviceName, systemdUnit } from '../../src/agent/index.ts';
import { type Architecture, addNativeParts } from './architectures.ts';

const checkout = join(import.meta.dirname, '../..');
/** Where the program is, on the machine that it is installed on. */
const programPlace = '/usr/lib/holdfast';

/**
 * Lays out in `root` all files that a package brings, at the places where a Linux system looks for them: the program with its
 * Node, its manual pages, what completes its words in three shells, and its units. `npm run build` comes before.
 */
export function laySystemOut(root: string, architecture: Architecture, work: string): void {
  const program = join(root, programPlace);
  mkdirSync(program, { recursive: true });
  for (const part of ['bin', 'dist', 'docs', 'package.json', 'LICENSE'])
    cpSync(join(checkout, part), join(program, part), { recursive: true });
  addKoffi(program);
  const ofNode = addNativeParts(architecture, program, work);
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  symlinkSync('../lib/holdfast/bin/holdfast', join(root, 'usr/bin/holdfast'));
  addManual(root);
  addCompletions(root);
  addUnits(root);
  addNotices(root, ofNode);
}

/** The parts of koffi that run: without the sources of its native part, which it would be built from. */
function addKoffi(program: string): void {
  const from = join(checkout, 'node_modules/koffi');
  const skipped = new Set(['doc', 'lib', 'vendor', 'src/koffi/src/abi'].map((name) => join(from, name)));
  cpSync(from, join(program, 'node_modules/koffi'), {
    recursive: true,
    filter: (path) => !skipped.has(path) && !/\.(?:cc|hh|inc|def)$|CMakeLists\.txt$/.test(path),
  });
}

function addManual(root: string): void {
  for (const page of globSync(join(checkout, 'dist/man/*.1')))
    write(root, `usr/share/man/man1/${basename(page)}.gz`, gzipSync(readFileSync(page), { level: 9 }));
}

function addCompletions(root: string): void {
  const places = {
    bash: 'usr/share/bash-completion/completions/holdfast',
    zsh: 'usr/share/zsh/site-functions/_holdfast',
    fish: 'usr/share/fish/vendor_completions.d/holdfast.fish',
  };
  for (const [shell, place] of Object.entries(places)) {
    const script = execFileSync(join(checkout, 'bin/holdfast'), ['completion', shell]);
    write(root, place, script);
  }
}

/** Both for the home of root's commands; the server's account is the one that `service install` gives it to. */
function addUnits(root: string): void {
  for (const job of serviceJobs) {
    const account = job === 'server' ? 'holdfast' : 'root';
    const launcher = join(programPlace, 'bin/holdfast');
    const unit = systemdUnit({ job, launcher, home: '/var/lib/holdfast', account, writable: [] });
    write(root, `usr/lib/systemd/system/${serviceName(job)}.service`, unit);
  }
}

function addNotices(root: string, ofNode: string): void {
  const place = 'usr/share/doc/holdfast';
  const parts = ['LICENSE', 'dist/NOTICES.txt'].map((name) => readFileSync(join(checkout, name), 'utf8'));
  write(root, `${place}/copyright`, [...parts, `Node.js\n\n${ofNode}`].join('\n'));
  write(root, `${place}/changelog.gz`, gzipSync(readFileSync(join(checkout, 'CHANGELOG.md')), { level: 9 }));
}

function write(root: string, path: string, content: string | Uint8Array): void {
  const target = join(root, path);
  mkdirSync(join(target, '..'), { recursive: true });
  writeFileSync(target, content);
}
