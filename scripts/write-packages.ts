import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Architecture, architectureNames } from './package/architectures.ts';
import { laySystemOut } from './package/lay-out-system.ts';
import { packageFacts } from './package/package-facts.ts';
import { writeDeb } from './package/write-deb.ts';
import { writeRpm } from './package/write-rpm.ts';

const usage = `npm run package -- [--arch x64,arm64] [--format deb,rpm] [--to packages]

Writes packages for Debian and Red Hat, from what npm run build made, and prints where they are. They need dpkg-deb and rpmbuild
(Debian: the packages dpkg and rpm).`;

const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: 'x64,arm64' },
    format: { type: 'string', default: 'deb,rpm' },
    to: { type: 'string', default: 'packages' },
    help: { type: 'boolean', default: false },
  },
});

const architectures = chosen(values.arch, Object.keys(architectureNames) as Architecture[]);
const formats = chosen(values.format, ['deb', 'rpm'] as const);
if (values.help || architectures === undefined || formats === undefined) {
  console.error(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  const work = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
  const to = resolve(values.to);
  mkdirSync(to, { recursive: true });
  try {
    for (const architecture of architectures) {
      for (const file of write(architecture, formats, to, work)) console.log(file);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Both formats take the same files. */
function write(architecture: Architecture, wanted: readonly string[], to: string, work: string): string[] {
  const root = join(work, `root-${architecture}`);
  mkdirSync(root, { mode: 0o755 });
  laySystemOut(root, architecture, work);
  const facts = packageFacts();
  const rpm = wanted.includes('rpm') ? [writeRpm(root, architecture, facts, to, work)] : [];
  return [...(wanted.includes('deb') ? [writeDeb(root, architecture, facts, to)] : []), ...rpm];
}

/** The words of a list; undefined when one of them is none of those that there are. */
function chosen<Word extends string>(text: string, all: readonly Word[]): readonly Word[] | undefined {
  const words = text.split(',');
  return words.every((word) => (all as readonly string[]).includes(word))
    ? all.filter((each) => words.includes(each))
    : undefined;
}
