import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramResult, RunningProgram } from './rig/holdfast-process.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';
import { isOpenToOthers, tracedInto, troddenPaths } from './rig/trodden-paths.ts';

const self = process.getuid?.() ?? 0;
/** Where the program is: in the package, which has the modules of the checkout. */
const installed = ['../..', '../../node_modules'].map((path) => `${realpathSync(join(launcher, path))}/`);

// Root tries as another user too, who may read the checkout wherever it is and has no other right.
const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
const readsAll = '--inh-caps=+dac_read_search --ambient-caps=+dac_read_search';
const asNobody = `${nobody} ${readsAll}`.split(' ');
const users = [{ uid: self, as: [] as string[] }, ...(self === 0 ? [{ uid: 65534, as: asNobody }] : [])];

for (const { uid, as } of users) {
  test(`whatever user ${uid} reads, runs or connects to is where only they or root can write`, async () => {
    using directory = temporaryDirectory();
    const place = new Place(directory.path, { uid, as });
    const port = await freePorts();
    await using up = place.start(['up', place.data, '--home', place.home, '--port', `${port}`]);
    await up.waitFor(/verified .*/);
    await place.run(['token', 'create', 'laptop', '--home', place.home]);
    await up.stop();
    const paths = troddenPaths(place.trace).filter(
      (path) => !installed.some((directory) => path.startsWith(directory)),
    );
    assert.ok(paths.length > 50, `only ${paths.length} paths were traced`);
    const open = paths.filter((path) => isOpenToOthers(path, { uid, own: directory.path }));
    assert.deepEqual(open, []);
  });
}

/** Where a user stands among directories that anybody can write to: the working one and that for temporary files. */
class Place {
  readonly trace: string;
  readonly data: string;
  readonly home: string;
  readonly #env: Record<string, string | undefined>;
  readonly #open: string;
  readonly #as: readonly string[];

  constructor(path: string, { uid, as }: { readonly uid: number; readonly as: readonly string[] }) {
    const own = join(path, 'own');
    this.#open = join(path, 'open');
    this.trace = join(path, 'trace');
    this.data = join(own, 'data');
    // Too long for the path of a socket.
    this.home = join(own, 'home'.repeat(30));
    this.#as = as;
    this.#env = { HOME: own, TMPDIR: this.#open, XDG_CACHE_HOME: undefined, XDG_DATA_HOME: undefined };
    for (const made of [own, this.data, this.#open]) mkdirSync(made);
    writeFileSync(join(this.data, 'a'), 'a');
    chmodSync(path, 0o711);
    chmodSync(this.#open, 0o1777);
    chownSync(own, uid, process.getgid?.() ?? 0);
  }

  start(words: readonly string[]): RunningProgram {
    const traced = [...tracedInto(this.trace), ...this.#as, launcher, ...words];
    return new RunningProgram(traced, { program: 'strace', cwd: this.#open, env: this.#env });
  }

  async run(words: readonly string[]): Promise<ProgramResult> {
    await using program = this.start(words);
    const ended = await program.ended;
    assert.equal(ended.code, 0, ended.stderr);
    return ended;
  }
}
