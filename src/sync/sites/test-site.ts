import { errorRow, type HoldfastError, isHoldfastError } from '../../base/index.ts';
import { isOutOfReach } from '../../transport/index.ts';
import { askForAnswer, greetNode, type LinkLine } from './ask-link.ts';
import { checkPair, type Dialing, dialerFor } from './dial-site.ts';
import { type LinkStep, LinkTestBack } from './link-messages.ts';
import { checkPath } from './link-peer.ts';
import type { Links } from './links.ts';

/** What a test of a link has found, step by step, there and back. */
export interface SiteTest {
  readonly site: string;
  readonly there: readonly LinkStep[];
  /** What the other side found on its way back; nothing where it could not be asked. */
  readonly back: readonly LinkStep[];
}

/**
 * Tests a link in both directions: this side dials each node of the other, and has it dial back.
 * @throws HoldfastError `site_unknown`
 */
export async function testSite(links: Links, name: string, dialing: Dialing): Promise<SiteTest> {
  const there = await testThere(links, name, dialing);
  if (!there.steps.every(({ ok }) => ok) || there.line === undefined)
    return { site: name, there: there.steps, back: [] };
  using dialer = dialerFor(links, links.partner(name), dialing);
  const line = { ...there.line, agent: dialer.agent() };
  const asked = await step('way back', async () => {
    const { value } = await askForAnswer(line, { path: 'test-back', message: {}, answer: LinkTestBack });
    return value.steps;
  });
  return 'value' in asked
    ? { site: name, there: there.steps, back: asked.value }
    : { site: name, there: there.steps, back: [asked.failed] };
}

/** One direction of the test: from here to there. */
export async function testThere(
  links: Links,
  name: string,
  dialing: Dialing,
): Promise<{ readonly steps: readonly LinkStep[]; readonly line: LinkLine | undefined }> {
  const partner = links.partner(name);
  const own = await step('own certificates', async () => {
    const at = new Date(dialing.clock.now());
    for (const kind of ['server', 'client'] as const) {
      const [leaf] = links.own[`${kind}s`];
      if (leaf !== undefined) checkPath(leaf, links.own, kind, at);
    }
    return dialerFor(links, partner, dialing);
  });
  if (!('value' in own)) return { steps: [own.failed], line: undefined };
  using dialer = own.value;
  const until = links.own.clients[0]?.notAfter.toISOString() ?? '';
  const steps: LinkStep[] = [{ step: 'own certificates', ok: true, found: `good until ${until}` }];
  let line: LinkLine | undefined;
  for (const address of partner.bundle.addresses) {
    const to: LinkLine = { address, agent: dialer.agent(), signal: dialing.signal };
    const greeted = await step(`node ${address}`, () => greetNode(to));
    if ('value' in greeted) {
      line ??= to;
      steps.push({
        step: `node ${address}`,
        ok: true,
        found: 'answers, with the certificate that was agreed on, in a version that both speak',
      });
    } else steps.push(greeted.failed);
  }
  if (line === undefined) return { steps, line };
  const reached = line;
  const checked = await step('pair', () => checkPair(links, partner, reached, dialing));
  // One of several nodes is enough.
  const kept = steps.filter(({ ok, step: name }) => ok || !name.startsWith('node '));
  const down = steps
    .filter((each) => !kept.includes(each))
    .map((each) => ({ ...each, ok: true, found: `down, and another one answers: ${each.found}` }));
  const result: LinkStep =
    'value' in checked
      ? { step: 'pair', ok: true, found: `each holds what the other shows: ${holds(checked.value, name)}` }
      : checked.failed;
  return { steps: [...kept, ...down, result], line };
}

function holds(links: Links, name: string): string {
  const { bundle, knows = 0 } = links.partner(name);
  return `number ${bundle.sequence} of theirs here, number ${knows} of ours there`;
}

async function step<T>(
  name: string,
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly failed: LinkStep }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { failed: failedStep(name, error) };
  }
}

/** What failed, as a step. */
export function failedStep(name: string, error: HoldfastError): LinkStep {
  const { code, message, hint } = error;
  const next = hint ?? errorRow(code).next;
  const found = isOutOfReach(error) ? `could not connect: ${message}` : message;
  return { step: name, ok: false, found, code, next };
}
