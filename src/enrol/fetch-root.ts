import { type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import { type Fingerprint, fingerprint, parseCertificate } from '../pki/index.ts';
import { type ExchangeRequest, exchange } from './exchange.ts';
import { enrolPaths } from './message.ts';

/**
 * The root certificate of the server at `address`, DER. Nothing is believed of this connection: the root is taken only
 * because its SHA-256 is the one expected, and the connection is not used for anything else.
 * @throws HoldfastError `join_code_wrong_authority`, and as `exchange` does
 */
export async function fetchRoot(
  address: string,
  expected: Fingerprint,
  options: Pick<ExchangeRequest, 'signal' | 'line'> = {},
): Promise<Bytes> {
  const connection = { agent: false, rejectUnauthorized: false } as const;
  const { status, body } = await exchange({
    url: `https://${address}${enrolPaths.root}?fingerprint=${encodeURIComponent(expected)}`,
    connection,
    isKnown: false,
    ...options,
  });
  if (status !== 200) {
    throw new HoldfastError(
      'refused_by_peer',
      `server ${address} does not hand out its root (status ${status})`,
      {
        hint: 'it enrols only while a join code is live or its queue is on: holdfast token create NAME, or policy set queue on',
      },
    );
  }
  const found = fingerprint(body);
  if (found !== expected || !isCertificate(body)) {
    throw new HoldfastError(
      'join_code_wrong_authority',
      `server ${address} has the root ${found}, expected ${expected}`,
      {
        hint: 'the code or fingerprint is of another network, or somebody stands in between; nothing was told to the server',
      },
    );
  }
  return body;
}

function isCertificate(der: Bytes): boolean {
  try {
    parseCertificate(der);
    return true;
  } catch (error) {
    if (isHoldfastError(error)) return false;
    throw error;
  }
}
