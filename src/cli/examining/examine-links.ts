import { isErrorCode, isHoldfastError } from '../../base/index.ts';
import { type LinkStep, Links, testSite } from '../../sync/index.ts';
import { type Examination, type Finding, failed } from '../../transport/index.ts';
import type { Home } from '../home/home.ts';
import type { Context } from '../program/context.ts';

/** The links of this machine, each there and back; nothing where it is no site. */
export async function examineLinks(
  { clock, signal }: Pick<Context, 'clock' | 'signal'>,
  home: Home,
): Promise<readonly Examination[]> {
  const startMs = performance.now();
  const examined = (site: string, findings: readonly Finding[]): Examination => ({
    url: `the link to ${site}`,
    findings,
    ms: Math.round(performance.now() - startMs),
  });
  try {
    const links = await Links.find(home.links);
    return await Promise.all(
      (links?.partners ?? []).map(async ({ name }) => {
        const { there, back } = await testSite(await Links.open(home.links), name, { clock, signal });
        return examined(name, [...there.map(findingOf('there')), ...back.map(findingOf('back'))]);
      }),
    );
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return [examined('other sites', [{ step: 'certificates', ...failed(error) }])];
  }
}

function findingOf(direction: 'there' | 'back'): (step: LinkStep) => Finding {
  return ({ step, ok, found, code, next }) => ({
    step: `${direction}: ${step}`,
    level: ok ? 'ok' : 'failed',
    found,
    ...(isErrorCode(code) && { code }),
    ...(next !== undefined && { next }),
  });
}
