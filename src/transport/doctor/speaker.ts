import { once } from 'node:events';
import { type Bytes, secondMs } from '../../base/index.ts';
import { beginsTls } from '../mistaken-protocol.ts';
import { Wire } from './wire.ts';

/** What programs say of themselves when a connection comes about: the beginning, and what they speak. */
const greetings: readonly (readonly [RegExp, string])[] = [
  [/^HTTP\/1\./, 'plain HTTP'],
  [/^SSH-/, 'SSH'],
  [/^220[ -][^\r\n]{0,200}FTP/i, 'FTP'],
  [/^(?:220|421|554)[ -]/, 'SMTP, which begins TLS by STARTTLS alone'],
  [/^\* (?:OK|PREAUTH|BYE)/, 'IMAP, which begins TLS by STARTTLS alone'],
  [/^\+OK/, 'POP3, which begins TLS by STLS alone'],
  [/^@RSYNCD:/, 'rsync'],
  [/^RFB \d/, 'VNC'],
  [/^.{4}\n\d/, 'MySQL, which begins TLS by a request of its own alone'],
];

/** What `first` shows to be spoken: TLS, another language, or undefined for what nobody knows. */
export function spoken(first: Bytes): string | undefined {
  if (beginsTls(first) || (first[0] === 21 && first[1] === 3)) return 'TLS';
  const text = Buffer.from(first.subarray(0, 300)).toString('latin1');
  return greetings.find(([pattern]) => pattern.test(text))?.[1];
}

/** The first line of what was said, as far as it can be printed. */
export function firstLine(first: Bytes): string {
  const [line = ''] = Buffer.from(first.subarray(0, 120))
    .toString('latin1')
    .split(/[\r\n]/, 1);
  return line.replace(/[^\x20-\x7e]/g, '.');
}

/** A question in another language than TLS, and what the answer to it shows. */
interface Question {
  readonly ask: (host: string) => Bytes;
  readonly means: (answer: Bytes) => string | undefined;
}

const questions: readonly Question[] = [
  {
    ask: (host) => Buffer.from(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`),
    means: (answer) => (startsWith(answer, 'HTTP/1.') ? 'plain HTTP' : undefined),
  },
  {
    // SSLRequest (PostgreSQL documentation, Message Formats): length 8, code 80877103.
    ask: () => Buffer.from('0000000804d2162f', 'hex'),
    means: (answer) =>
      answer.length === 1 && (startsWith(answer, 'S') || startsWith(answer, 'N'))
        ? `PostgreSQL, which begins TLS by a request of its own alone${startsWith(answer, 'N') ? ', and has it switched off' : ''}`
        : undefined,
  },
  {
    // StartTLS (RFC 4511 §4.14): message 1, extended request 1.3.6.1.4.1.1466.20037.
    ask: () =>
      Buffer.concat([Buffer.from('301d02010177188016', 'hex'), Buffer.from('1.3.6.1.4.1.1466.20037')]),
    means: (answer) =>
      answer[0] === 0x30 && answer.subarray(2, 8).includes(0x78)
        ? 'LDAP, which begins TLS by StartTLS alone'
        : undefined,
  },
  {
    // A message of Bacula and Bareos: its length in four bytes, then text.
    ask: () => withLength('Hello *UserAgent* calling 10002\n'),
    means: (answer) =>
      /auth cram-md5|1999 |Authorization/.test(Buffer.from(answer).toString('latin1'))
        ? "Bacula's or Bareos's own protocol"
        : undefined,
  },
];

function startsWith(answer: Bytes, text: string): boolean {
  return Buffer.from(answer.subarray(0, text.length)).toString('latin1') === text;
}

function withLength(text: string): Bytes {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}

/** Where something is asked. */
interface Place {
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly signal: AbortSignal;
}

const answerMs = 1.2 * secondMs;

/** What is spoken at a place that says nothing to who begins with TLS: asked in several languages at once. */
export async function askWhatIsSpoken(place: Place): Promise<string | undefined> {
  const answers = await Promise.all(
    questions.map(async ({ ask, means }) => {
      const answer = await say(place, ask(place.host));
      return means(answer) ?? (answer.length > 0 ? spoken(answer) : undefined);
    }),
  );
  return answers.find((each) => each !== undefined);
}

/** What comes back when `words` are said, for as long as it takes to be sure; nothing where nothing comes. */
export async function say({ address, port, signal }: Place, words: Bytes): Promise<Bytes> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const wire = new Wire({ host: address, port, signal: late });
  try {
    wire.write(words);
    wire.on('data', () => {});
    await Promise.race([once(wire, 'data', { signal: late }), once(wire, 'close', { signal: late })]);
    // The rest of a line.
    await once(wire, 'end', { signal: AbortSignal.any([late, AbortSignal.timeout(100)]) });
  } catch {
    signal.throwIfAborted();
  } finally {
    wire.destroy();
  }
  return wire.received;
}

/** The head of an answer of HTTP that came as bytes. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The status and headers in `bytes`; undefined where they are no answer of HTTP. */
export function plainAnswer(bytes: Bytes): PlainAnswer | undefined {
  const [start = '', ...lines] = (Buffer.from(bytes).toString('latin1').split('\r\n\r\n', 1)[0] ?? '').split(
    '\r\n',
  );
  const status = /^HTTP\/1\.\d (\d{3})/.exec(start)?.[1];
  if (status === undefined) return undefined;
  const headers = lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
  });
  return { status: Number(status), headers: Object.fromEntries(headers) };
}

/** Who answered in place of the server at `host`, where an answer of HTTP shows that somebody did. */
export function inBetween({ status, headers }: PlainAnswer, host: string): string | undefined {
  const { location = '', server = '' } = headers;
  if (status === 511) return 'a captive portal asks for a login first (status 511)';
  if (status === 407) return 'a proxy asks for a login of its own (status 407)';
  if (status >= 300 && status < 400 && URL.canParse(location)) {
    const { hostname, origin } = new URL(location);
    if (hostname !== host)
      return `somebody in between sends whoever comes to ${origin}, as captive portals do`;
  }
  const via = headers['via'] ?? (headers['x-squid-error'] === undefined ? undefined : 'squid');
  if (via !== undefined || /squid/i.test(server)) return `a proxy answers (${via ?? server})`;
  return undefined;
}
