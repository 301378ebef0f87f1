import { defaultClientPolicy } from '../../policy/index.ts';
import { chainStep, revocationStep, roleStep, serverNameStep } from './certificate-steps.ts';
import { machineStep, nameStep, portStep } from './reach.ts';
import { clientCertificateStep, clockStep, rightsStep, spaceStep, speedStep } from './server-steps.ts';
import { speaksStep, tlsStep } from './speaks-step.ts';
import {
  type Examination,
  type ExaminationOptions,
  type Finding,
  letPass,
  type Step,
  type Walk,
} from './walk.ts';

/** The walk to a server, in its order. */
const steps: readonly Step[] = [
  machineStep,
  nameStep,
  portStep,
  speaksStep,
  tlsStep,
  chainStep,
  serverNameStep,
  roleStep,
  revocationStep,
  clockStep,
  clientCertificateStep,
  rightsStep,
  spaceStep,
  speedStep,
];

/**
 * Walks to a server step by step, as a connection comes about, and says what each finds. The first that fails ends the
 * walk; that to a plain port ends with what speaks there. Nothing is told to a server that has not
 * proved to be the one that was called, unless this machine's policy would tell it all the same, and nothing is changed anywhere.
 *
 * Takes 3 seconds where nothing has to be waited for, and 10 where it has.
 */
export async function examine(options: ExaminationOptions): Promise<Examination> {
  const { url } = options;
  const startMs = performance.now();
  const walk: Walk = {
    ...options,
    policy: options.own.policy ?? defaultClientPolicy,
    host: hostOf(url),
    port: portOf(url),
    addresses: [],
    reached: [],
  };
  const findings: Finding[] = [];
  try {
    for (const { name, run, goesOn, isProof } of steps) {
      const seen = await run(walk);
      const found = isProof === true ? seen.map((each) => letPass(walk, each)) : seen;
      findings.push(...found.map((each) => ({ step: name, ...each })));
      if (goesOn !== true && found.some(({ level }) => level === 'failed')) break;
      if (name === 'speaks' && url.protocol === 'http:') break;
      if (name === 'client' && options.asStranger === true) break;
    }
  } finally {
    walk.shaken?.socket.destroy();
    walk.shaken?.wire.destroy();
  }
  return { url: url.href, findings, ms: Math.round(performance.now() - startMs) };
}

/** What keeps this machine from the server: the first that has failed. */
export function causeIn({ findings }: Examination): Finding | undefined {
  return findings.find(({ level }) => level === 'failed');
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf({ protocol, port }: URL): number {
  return port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
}
