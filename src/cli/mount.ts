import { FuseDevice } from '../files/index.ts';
import { checkMountPoint, openView, serveFuse } from '../mount/index.ts';
import { localPath } from './files/local-path.ts';
import {
  addReadOptions,
  addSnapshotFilters,
  filterOf,
  type ReadOptions,
  type SnapshotFilters,
} from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { openTarget, type Target } from './repository/repository-target.ts';
import { tellingOnce } from './repository/view-problems.ts';
import type { Word } from './word.ts';

/** What `mount` takes. */
interface MountRequest extends ReadOptions, SnapshotFilters {
  readonly allowOther?: boolean;
}

/** `holdfast mount DIR` */
export const word: Word = {
  define: (command) => {
    addSnapshotFilters(addReadOptions(command))
      .argument('<dir>', 'an empty folder, in which they appear')
      .option('--allow-other', 'let other users look in, each as the modes and owners of the files let them')
      .addHelpText('after', examples);
  },
  run: mountSnapshots,
};

const examples = `
Below DIR are ids/ID, snapshots/TIME, hosts/HOST/TIME and tags/TAG/TIME; latest is the newest of each,
also of those that come meanwhile. Nothing can be changed there. It ends with Ctrl-C, or umount DIR.

Examples:
  holdfast mount /mnt/backups
  holdfast mount ~/backups --host laptop --tag home
`;

/** `holdfast mount`: answers for the mount until it is told to end, or somebody else unmounts it. */
async function mountSnapshots(context: Context, directory: string, request: MountRequest): Promise<void> {
  const { output, signal } = context;
  await using target = await openTarget(context, request);
  const named = localPath(context.workingDirectory, directory);
  const mountPoint = await checkMountPoint(named, workingPlaces(context, target));
  const problems = tellingOnce(context);
  const view = await openView(target.repository, {
    filter: filterOf(request, context),
    signal,
    onProblem: problems.onList,
  });
  const device = await FuseDevice.mount({ directory: mountPoint, allowOther: request.allowOther ?? false });
  const end = (): void => void unmount(context, device);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  output.row('mounted', mountPoint);
  await serveFuse(device, view, { signal, onProblem: problems.onPath });
  signal.removeEventListener('abort', end);
  output.row('unmounted', mountPoint);
}

function workingPlaces({ home }: Context, { directory }: Target) {
  const ownHome = { path: home, what: 'the home of Holdfast' };
  return directory === undefined ? [ownHome] : [ownHome, { path: directory, what: 'its own repository' }];
}

async function unmount({ output }: Context, device: FuseDevice): Promise<void> {
  const { wasBusy } = await device.unmount();
  if (wasBusy) output.warn('something was still open there, and cannot be read any more');
}
