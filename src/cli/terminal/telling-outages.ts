import { type Log, minuteMs, secondMs } from '../../base/index.ts';
import { Line, type Outage } from '../../transport/index.ts';
import type { Output } from './output.ts';

/** The line of one run: whoever waits for it is told why and for how long, with `--json` in the log. */
export function lineToldIn(output: Output, log: Log): Line {
  if (output.json) {
    return new Line({
      onDown: ({ failure, ...times }) => log.warn('the line is down', { ...times, error: failure }),
      onBack: (downMs) => log.warn('the line is back', { downMs }),
    });
  }
  return new Line({
    onDown: (outage) => output.say(`  line        ${describeOutage(outage)}`),
    onBack: (downMs) => output.say(`  line        back after ${formatPeriod(downMs)}`),
  });
}

/** `vault:8443: nobody answers there; trying again in 4 s (down for 2 min; gives up in 13 min)` */
export function describeOutage({ failure, waitMs, downMs, leftMs }: Outage): string {
  const since = downMs < secondMs ? '' : `down for ${formatPeriod(downMs)}; `;
  return `${failure.message}; trying again in ${formatPeriod(waitMs)} (${since}gives up in ${formatPeriod(leftMs)})`;
}

/** In whole seconds, from two minutes on in minutes. */
function formatPeriod(ms: number): string {
  if (ms < 2 * minuteMs) return `${Math.max(1, Math.round(ms / secondMs))} s`;
  return `${Math.round(ms / minuteMs)} min`;
}
