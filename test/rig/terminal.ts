import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { endingWithUs } from './ending-with-us.ts';
import { launcher } from './holdfast-process.ts';

// oxlint-disable-next-line no-control-regex -- those of the terminal are taken out
const controlSequence = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** `holdfast` on a terminal of its own (`script` of util-linux), typed at by a test. */
export class Terminal implements AsyncDisposable {
  readonly #child;
  readonly ended: Promise<number>;
  #text = '';
  #from = 0;

  constructor(given: readonly string[], cwd: string) {
    const command = [launcher, ...given].map((word) => `'${word}'`).join(' ');
    const env = {
      ...process.env,
      HOLDFAST_HOME: undefined,
      TERM: 'xterm',
      NO_COLOR: '1',
    };
    const words = ['-qec', `stty rows 40 cols 120; ${command}`, '/dev/null'];
    this.#child = spawn(...endingWithUs('script', words), {
      cwd,
      env,
      stdio: 'pipe',
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
    this.#child.stdin.on('error', () => {});
    this.ended = once(this.#child, 'close').then(([code]) => code as number);
  }

  /** What was shown since the last answer, without control sequences. */
  get seen(): string {
    const shown = this.#text.slice(this.#from).replaceAll('\r', '');
    return shown.replace(controlSequence, '');
  }

  async waitFor(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.seen)) {
      const ended = await Promise.race([once(this.#child.stdout, 'data').then(() => undefined), this.ended]);
      if (ended !== undefined) throw new Error(`ended with ${ended} before ${pattern}:\n${this.seen}`);
    }
  }

  /** Waits for a question, types an answer and Enter. */
  async answer(question: RegExp, text: string): Promise<void> {
    await this.waitFor(question);
    this.#from = this.#text.length;
    this.type(`${text}\r`);
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Sends a signal to the program itself, as a terminal does at Ctrl-C while no question stands on it. */
  kill(signal: NodeJS.Signals): void {
    let pid = String(this.#child.pid);
    for (let below = childOf(pid); below !== ''; below = childOf(pid)) pid = below;
    process.kill(Number(pid), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended.catch(() => {});
  }
}

/** Number of the process that `pid` started, as text; empty when there is none (proc(5)). */
function childOf(pid: string): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
}
