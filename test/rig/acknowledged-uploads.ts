import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { ResticAccess } from './network.ts';
import type { Prng } from './prng.ts';

/**
 * Uploads objects by the REST protocol, one after the other, and keeps in mind which the server acknowledged; what it
 * acknowledged it must have for good.
 */
export class AcknowledgedUploads {
  readonly #access: ResticAccess;
  readonly #prng: Prng;
  readonly #names: string[] = [];

  constructor(access: ResticAccess, prng: Prng) {
    this.#access = access;
    this.#prng = prng;
  }

  /** How many objects were acknowledged so far. */
  get count(): number {
    return this.#names.length;
  }

  /** Uploads until the server is gone or `signal` is aborted. */
  async uploadUntilLost(signal: AbortSignal): Promise<void> {
    const agent = this.#agent();
    try {
      for (;;) {
        const content = this.#prng.bytes(this.#prng.below(50_000));
        const name = createHash('sha256').update(content).digest('hex');
        const { status } = await this.#send(agent, 'POST', name, { content, signal });
        if (status !== 200) throw new Error(`upload of ${name} answered ${status}`);
        this.#names.push(name);
      }
    } catch (error) {
      if (error instanceof Error && 'code' in error) return;
      throw error;
    } finally {
      agent.destroy();
    }
  }

  /** Names of acknowledged objects that the server does not give back byte by byte. */
  async lost(): Promise<string[]> {
    const agent = this.#agent();
    const lost: string[] = [];
    for (const name of this.#names) {
      const { status, body } = await this.#send(agent, 'GET', name);
      if (status !== 200 || createHash('sha256').update(body).digest('hex') !== name) lost.push(name);
    }
    agent.destroy();
    return lost;
  }

  #agent(): Agent {
    const pem = readFileSync(join(this.#access.directory, 'client.pem'));
    return new Agent({
      keepAlive: true,
      ca: readFileSync(join(this.#access.directory, 'ca.pem')),
      cert: pem,
      key: pem,
    });
  }

  async #send(
    agent: Agent,
    method: 'GET' | 'POST',
    name: string,
    { content, signal }: { content?: Buffer; signal?: AbortSignal } = {},
  ): Promise<{ status: number; body: Buffer }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: Buffer }>();
    const options = {
      agent,
      method,
      headers: { 'content-length': content?.length ?? 0 },
      signal,
    };
    const sent = request(new URL(`data/${name}`, this.#access.url), options, (response) => {
      buffer(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    sent.on('error', reject).end(content);
    return await promise;
  }
}
