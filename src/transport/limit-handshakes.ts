import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/** Authorities that OpenSSL follows above a leaf; the longest chains of the web have three. */
const depth = 3;
/** X509_V_FLAG_TRUSTED_FIRST, which the parameters of this name have. */
const trustedFirst = 0x8000;

let isDone = false;

/**
 * Bounds what OpenSSL does with a peer's certificates during a handshake, for the whole process: it verifies every
 * signature of the chain that was sent, by keys of the sender's choice, before anybody here sees it and whatever is made
 * of its verdict. In 100 kB are 75 keys of 3072 bits with exponents as long: 445 ms of the thread that serves or dials; 26 ms
 * with four certificates. Whoever accepts TLS and whoever dials asks for it before. Our own judgement is of the certificates as they were sent, so that nothing depends on this.
 *
 * Node has no option for it. OpenSSL takes its parameters from the set called `default`, and lets programs put another in
 * its place (X509_VERIFY_PARAM_add0_table(3)); Node exports these functions for addons.
 *
 * Where they are not there, `onFailure` is told why, and handshakes are as dear as OpenSSL lets them be.
 */
export function limitHandshakes(onFailure: (error: unknown) => void = () => {}): void {
  if (isDone) return;
  try {
    replaceDefaults();
    isDone = true;
  } catch (error) {
    onFailure(error);
  }
}

function replaceDefaults(): void {
  const openssl = (createRequire(import.meta.url)('koffi') as typeof Koffi).load(null);
  const call = (prototype: string, ...words: unknown[]): unknown => openssl.func(prototype)(...words);
  const parameters = call('void *X509_VERIFY_PARAM_new()');
  call('int X509_VERIFY_PARAM_set1_name(void *parameters, const char *name)', parameters, 'default');
  call('int X509_VERIFY_PARAM_set_flags(void *parameters, unsigned long flags)', parameters, trustedFirst);
  call('void X509_VERIFY_PARAM_set_depth(void *parameters, int depth)', parameters, depth);
  call('int X509_VERIFY_PARAM_add0_table(void *parameters)', parameters);
}
