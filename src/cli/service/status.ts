import { ServiceManager, serviceJobs } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { serviceScope, stateRows, stateView } from './install.ts';

/** `holdfast service status` */
export const word: Word = {
  define: (command) => {
    command
      .description('show the services that run by themselves, and whether they do')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast service status\n  sudo holdfast service status --json\n',
      );
  },
  run: showServices,
};

async function showServices(_context: Context): Promise<Answer> {
  const manager = await ServiceManager.find(serviceScope());
  if (manager === undefined)
    return {
      value: { manager: null, services: [] },
      rows: [note('no systemd runs here; rc-service or ps tells')],
    };
  const all = await Promise.all(serviceJobs.map((job) => manager.state(job)));
  const there = all.filter(({ file }) => file !== undefined);
  const failed = there.find(({ active }) => active === 'failed');
  return {
    value: { manager: 'systemd', services: there.map(stateView) },
    rows: there.length === 0 ? [note('no service of Holdfast is installed here')] : there.flatMap(stateRows),
    failure:
      failed &&
      new HoldfastError('service_failed', `${failed.unit} has failed`, {
        hint: `journalctl -u ${failed.unit} says why`,
      }),
  };
}
