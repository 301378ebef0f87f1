import type { OperationAnswer } from '../../admin/index.ts';
import type { Clock } from '../../base/index.ts';
import { type Row, row } from '../terminal/answer.ts';
import { formatRemaining, formatTime } from '../terminal/format.ts';

type Status = OperationAnswer<'status'>;

/** The certificates from elsewhere that a server shows, and how long each is good for. */
export function* boundRows(clock: Clock, { bound = [] }: Status): Iterable<Row> {
  for (const { target, notAfter, state } of bound) {
    const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
    yield row('bound', target, state === 'ended' ? 'certificate ended' : `certificate ${left} left`);
  }
}

/** What of the certificates from elsewhere wants doing. */
export function boundWarnings({
  listeners,
  bound = [],
  boundProblem = null,
  lostBindings = [],
}: Status): string[] {
  return [
    ...(boundProblem === null
      ? []
      : [
          `certificates that are bound cannot be used${listeners.length === 0 ? '' : ', so that those of before are shown on'}: ${boundProblem}`,
        ]),
    ...lostBindings.map(
      (target) =>
        `a certificate was bound to the ${target}, and the keystore of this machine does not have it: holdfast tls bind FILE shows one again, ` +
        'holdfast tls unbind says that none is to be shown',
    ),
    ...bound.flatMap(({ target, notAfter, state }) =>
      state === 'good'
        ? []
        : [
            `the certificate bound to the ${target} ${state === 'ended' ? 'ended' : 'ends'} ${formatTime(new Date(notAfter))}, ` +
              'and nobody renews it by itself: holdfast tls bind FILE',
          ],
    ),
  ];
}
