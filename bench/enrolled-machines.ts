import { Agent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { type EnrolmentAnswer, enrolPaths, parseJoinCode } from '../src/enrol/index.ts';
import { certificatePem } from '../src/pki/index.ts';
import type { Network } from '../test/rig/network.ts';
import { joinBody, type KeyedRequest, makeCertificateRequests } from './certificate-requests.ts';

/** A client with a certificate of a network: PEM. */
export interface EnrolledMachine {
  /** The leaf, then what leads to the root. */
  readonly cert: string;
  readonly key: string;
}

/** Enrols clients `bench-0`, `bench-1`, … by a join code for all of them, each with a key of its own. */
export async function enrolMachines(network: Network, count: number): Promise<EnrolledMachine[]> {
  const { secret } = parseJoinCode(await network.joinCode('bench-*', ['--uses', String(count)]));
  const requests = await makeCertificateRequests('network.test', count);
  const agent = new Agent({ keepAlive: true, maxSockets: 32, rejectUnauthorized: false });
  const enrol = async ({ request, privateKey }: KeyedRequest): Promise<EnrolledMachine> => {
    const { chain } = await join(
      `https://127.0.0.1:${network.port + 1}`,
      agent,
      joinBody(secret.reveal(), request),
    );
    const cert = chain.map((der) => certificatePem(Buffer.from(der, 'base64'))).join('');
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  };
  const machines = await Promise.all(requests.map(enrol));
  agent.destroy();
  return machines;
}

function join(server: string, agent: Agent, body: string): Promise<EnrolmentAnswer> {
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    httpsRequest(`${server}${enrolPaths.join}`, { agent, method: 'POST', headers }, (response) => {
      text(response).then((answer) => {
        if (response.statusCode === 200) resolve(JSON.parse(answer) as EnrolmentAnswer);
        else reject(new Error(`joining was answered with ${response.statusCode}: ${answer}`));
      }, reject);
    })
      .once('error', reject)
      .end(body);
  });
}
