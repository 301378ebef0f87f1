import { hash, randomBytes } from 'node:crypto';
import { type Bytes, HoldfastError, Secret } from '../base/index.ts';

/** 32 random bytes in base64url after a word by which people and scanners of secrets know what it is. */
const form = /^hfb1_[A-Za-z0-9_-]{43}$/;
const secretBytes = 32;

/** A bearer token of 256 random bits: `hfb1_` and 43 characters. Whoever has the text is who it was made for. */
export function createBearerToken(): Secret<string> {
  return new Secret(`hfb1_${randomBytes(secretBytes).toString('base64url')}`);
}

/** The token in what somebody gives, white space around it left out. @throws HoldfastError `input_invalid` for what is none */
export function parseBearerToken(given: Secret<string>): Secret<string> {
  const text = given.reveal().trim();
  if (form.test(text)) return new Secret(text);
  throw new HoldfastError(
    'input_invalid',
    `what is given is no bearer token: expected hfb1_ and 43 characters, found ${text.length} characters of another form`,
    { hint: 'give the one line that holdfast token create --bearer NAME prints, at the server' },
  );
}

/** The `Authorization` header that shows a token: as the password of `user` where one is said (RFC 7617), else as it is (RFC 6750). */
export function bearerHeader(token: Secret<string>, user?: string): Secret<string> {
  if (user === undefined) return new Secret(`Bearer ${token.reveal()}`);
  return new Secret(`Basic ${Buffer.from(`${user}:${token.reveal()}`).toString('base64')}`);
}

/** What a record has of a token: the SHA-256 of its text. So many random bits need no slower hash. */
export function bearerTokenHash(token: Secret<string>): Bytes {
  return hash('sha256', token.reveal(), 'buffer');
}

/** A token that somebody shows, and the user whose password it is said to be, where one is said. */
export interface ShownToken {
  readonly sha256: Bytes;
  readonly user: string | undefined;
}

/** More than the header of any token has, be it with a user name as long as they are allowed to be. */
const maxHeaderLength = 256;

/**
 * The bearer token of an `Authorization` header: `Bearer TOKEN` (RFC 6750 §2.1), or the password of `Basic` (RFC 7617), which
 * every program can send. Undefined for none, for what is no token, and for more than is looked at.
 */
export function readShownToken(header: string | undefined): ShownToken | undefined {
  if (header === undefined || header.length > maxHeaderLength) return undefined;
  const [scheme = '', credentials = '', ...others] = header.split(' ');
  if (others.length > 0) return undefined;
  if (scheme.toLowerCase() === 'bearer') return shown(credentials, undefined);
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 1 ? undefined : shown(text.slice(colon + 1), text.slice(0, colon));
}

function shown(text: string, user: string | undefined): ShownToken | undefined {
  if (!form.test(text)) return undefined;
  return { sha256: bearerTokenHash(new Secret(text)), user };
}
