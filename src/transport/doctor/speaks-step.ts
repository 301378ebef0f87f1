import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import { KeyExchangeGroup, weakerConnection } from '../../policy/index.ts';
import { isPassingStatus } from '../line.ts';
import { connectionInfo } from '../verified-connection.ts';
import { type HandshakeOptions, type Shaken, shakeHands, type Unshaken } from './shake-hands.ts';
import { askWhatIsSpoken, firstLine, inBetween, plainAnswer, say, spoken } from './speaker.ts';
import { bad, type Found, failed, good, type Step, type Walk, weaker } from './walk.ts';

/** What speaks at the port: TLS that comes to an agreement, TLS that does not, or something else. */
export const speaksStep: Step = {
  name: 'speaks',
  async run(walk) {
    if (walk.url.protocol === 'http:') return [await speakPlain(walk)];
    const shaken = await shakeHands(handshake(walk));
    if (shaken.kind === 'done') {
      walk.shaken = shaken;
      return [good('TLS')];
    }
    const { received } = shaken;
    if (spoken(received) === 'TLS') return [await disagreement(walk, shaken)];
    return [received.length > 0 ? await otherLanguage(walk, shaken) : await silence(walk, shaken)];
  },
};

/** A handshake as this machine makes them, with the fastest address. */
export function handshake(walk: Walk): HandshakeOptions {
  const { host, port, policy, own, signal } = walk;
  const address = walk.reached[0]?.address ?? host;
  return { address, port, host, policy, credentials: own.credentials, signal };
}

function peerOf({ host, port }: Walk): string {
  return `${host}:${port}`;
}

async function speakPlain(walk: Walk): Promise<Found> {
  const request = `GET / HTTP/1.1\r\nhost: ${walk.host}\r\nconnection: close\r\n\r\n`;
  const answer = await say(handshake(walk), Buffer.from(request));
  const text = Buffer.from(answer).toString('latin1');
  const isTlsPort =
    spoken(answer) === 'TLS' ||
    /speaks TLS|plain HTTP request was sent to HTTPS|HTTPS port|SSL-enabled/i.test(text);
  if (isTlsPort) return bad('tls_required', `${peerOf(walk)} takes TLS alone, and the address says http://`);
  const head = plainAnswer(answer);
  if (head === undefined) return await plainSilence(walk, answer);
  const between = inBetween(head, walk.host);
  if (between !== undefined) return bad('proxy_answered', `${peerOf(walk)}: ${between}`);
  return isPassingStatus(head.status)
    ? bad('server_unavailable', `${peerOf(walk)} answers with status ${head.status}`)
    : good(`plain HTTP${head.headers['server'] === undefined ? '' : ` by ${head.headers['server']}`}`);
}

/** A port that takes TLS alone may end a connection that begins otherwise without a word. */
async function plainSilence(walk: Walk, answer: Uint8Array): Promise<Found> {
  const known = answer.length === 0 ? undefined : spoken(answer);
  if (known !== undefined) return bad('answer_malformed', `${peerOf(walk)} speaks ${known}, not HTTP`);
  const shaken = await shakeHands(handshake(walk));
  if (shaken.kind === 'done') shaken.socket.destroy();
  return shaken.kind === 'done' || spoken(shaken.received) === 'TLS'
    ? bad('tls_required', `${peerOf(walk)} takes TLS alone, and the address says http://`)
    : bad('connection_closed', `${peerOf(walk)} takes connections and answers nothing`);
}

async function otherLanguage(walk: Walk, { received }: Unshaken): Promise<Found> {
  const language = spoken(received);
  if (language !== 'plain HTTP') {
    const what = language ?? `something that is not known here (${firstLine(received)})`;
    return bad('tls_not_spoken', `${peerOf(walk)} speaks ${what}`);
  }
  return await plainWeb(walk);
}

/** Who speaks plain HTTP where TLS was expected is asked in it who he is. */
async function plainWeb(walk: Walk): Promise<Found> {
  const request = `GET / HTTP/1.1\r\nhost: ${walk.host}\r\nconnection: close\r\n\r\n`;
  const head = plainAnswer(await say(handshake(walk), Buffer.from(request)));
  const between = head && inBetween(head, walk.host);
  if (between !== undefined) return bad('proxy_answered', `${peerOf(walk)}: ${between}`);
  if (head !== undefined && isPassingStatus(head.status))
    return bad('server_unavailable', `${peerOf(walk)} answers in plain HTTP, with status ${head.status}`);
  const by = head?.headers['server'] === undefined ? '' : ` (${head.headers['server']})`;
  return bad('tls_not_spoken', `${peerOf(walk)} speaks plain HTTP${by}, not TLS`);
}

const apartMs = 400;

/** Nothing came back: because of how the beginning was sent, or because what is there waits for something else. */
async function silence(walk: Walk, { error }: Unshaken): Promise<Found> {
  const usual = handshake(walk);
  const { signal } = walk;
  const [apart, small, language] = await Promise.all([
    worked(shakeHands({ ...usual, splitMs: apartMs })),
    worked(shakeHands({ ...usual, policy: { ...walk.policy, groups: ['X25519'] } })),
    askWhatIsSpoken({ ...usual, signal }),
  ]);
  if (apart)
    return bad(
      'large_packets_dropped',
      `${peerOf(walk)} answers when the beginning of TLS is sent in two small packets, and not when it is sent in large ones: something on the way swallows these`,
    );
  if (small)
    return bad(
      'tls_hello_dropped',
      `${peerOf(walk)} answers only when the beginning of TLS fits into one packet, which it does with X25519 alone: something on the way drops the larger one of post-quantum key exchange`,
    );
  // A port of TLS may answer in plain HTTP to who speaks that.
  if (language !== undefined && language !== 'TLS')
    return bad('tls_not_spoken', `${peerOf(walk)} speaks ${language}`);
  if (isHoldfastError(error)) return failed(error);
  return bad(
    'tls_handshake_timed_out',
    `${peerOf(walk)} takes connections and says nothing, in TLS and in other languages: the program there hangs or is starting`,
  );
}

async function worked(trying: Promise<Shaken | Unshaken>): Promise<boolean> {
  const shaken = await trying;
  if (shaken.kind === 'done') shaken.socket.destroy();
  return shaken.kind === 'done';
}

const everyGroup = KeyExchangeGroup.anyOf.map((each) => each.const);

/** TLS is spoken, and no agreement was found: what would the server take? */
async function disagreement(walk: Walk, { error }: Unshaken): Promise<Found> {
  if (!isHoldfastError(error, 'tls_no_common_version', 'tls_no_common_group')) {
    return failed(
      isHoldfastError(error)
        ? error
        : new HoldfastError('tls_handshake_timed_out', `${peerOf(walk)}: the handshake stopped halfway`),
    );
  }
  const { minimumVersion, groups } = walk.policy;
  const usual = handshake(walk);
  const shaken = await shakeHands({
    ...usual,
    policy: { minimumVersion: 'TLSv1.2', groups: [...everyGroup] },
  });
  if (shaken.kind === 'failed')
    return bad(error.code, `${error.message}; it takes neither TLS 1.3 nor a suite of TLS 1.2 that is safe`);
  const { protocol, group } = connectionInfo(shaken.socket);
  shaken.socket.destroy();
  const ours =
    error.code === 'tls_no_common_version' ? minimumVersion.replace('TLSv', 'TLS ') : groups.join(', ');
  const theirs = error.code === 'tls_no_common_version' ? protocol : `${group} in ${protocol}`;
  return bad(
    error.code,
    `${peerOf(walk)} takes ${theirs}, and this machine ${ours}${error.code === 'tls_no_common_version' ? ' or later' : ''}`,
  );
}

/** How the connection is protected. */
export const tlsStep: Step = {
  name: 'tls',
  run({ shaken }) {
    if (shaken === undefined) return Promise.resolve([]);
    const { protocol, group, cipher } = connectionInfo(shaken.socket);
    const marks = weakerConnection({ protocol, group }).map((sentence) =>
      weaker(`weaker than the default: ${sentence}`, 'holdfast status at the server shows its listeners'),
    );
    return Promise.resolve([good(`${protocol}, ${group}, ${cipher}`), ...marks]);
  },
};
