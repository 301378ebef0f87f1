// Joins a network, backs a folder up, lists what was saved, checks it and brings it back:
//   node backup.ts FOLDER TARGET < join-code.txt
import { text } from 'node:stream/consumers';
import { type Failure, join, open, toFailure } from 'holdfast';

const [folder = '.', target = 'restored'] = process.argv.slice(2);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const { signal } = stop;

try {
  const { network, role, name } = await join(await text(process.stdin), { signal });
  console.log(`joined ${network} as ${role} ${name}`);

  const client = await open();
  const { server, protocol, group } = await client.dial({ signal });
  console.log(`${server} over ${protocol} ${group}`);

  const backup = await client.backup(folder, {
    tags: ['example'],
    excludes: ['*.tmp'],
    signal,
    onWarning: (sentence) => console.warn(sentence),
  });
  console.log(`saved ${backup.files} files, ${backup.added} bytes of them new, in ${backup.snapshot}`);

  for await (const { path, size } of client.list(backup.snapshot, { signal })) console.log(path, size);

  const { snapshots, errors } = await client.verify({ signal });
  console.log(`${snapshots} snapshots, ${errors} errors`);

  const restored = await client.restore('latest', { target, verify: true, signal });
  console.log(`restored ${restored.files} files`);
} catch (error) {
  const failure = toFailure(error);
  if (failure === undefined) throw error;
  process.exitCode = failure.exitCode;
  console.error(describe(failure));
}

/** A failure is told apart by its code; each code has its own payload. */
function describe(failure: Failure): string {
  if (failure.code === 'restore_incomplete')
    return `${failure.result.problems} problems in what was restored: ${failure.message}`;
  if (failure.code === 'join_code_used') return 'this join code was used already; ask for another one';
  return `${failure.message} [${failure.code}]; ${failure.hint}`;
}
