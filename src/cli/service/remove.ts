import { noServiceManager, type ServiceJob, ServiceManager, serviceName } from '../../agent/index.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { jobArgument, serviceScope } from './install.ts';

/** `holdfast service remove JOB` */
export const word: Word = {
  define: (command) => {
    command
      .description('stop a service, and start it no more; the home stays as it is')
      .addArgument(jobArgument())
      .addHelpText(
        'after',
        '\nExamples:\n  sudo holdfast service remove server\n  holdfast service remove agent\n',
      );
  },
  run: removeService,
};

async function removeService(_context: Context, job: ServiceJob): Promise<Answer> {
  const manager = await ServiceManager.find(serviceScope());
  if (manager === undefined)
    throw noServiceManager('remove it where it was written: /etc/init.d, or crontab -e');
  const removed = await manager.remove(job);
  return {
    value: { unit: `${serviceName(job)}.service`, removed: removed ?? null },
    rows: [
      row('stopped', `${serviceName(job)}.service`),
      ...(removed === undefined ? [] : [row('removed', removed)]),
    ],
  };
}
