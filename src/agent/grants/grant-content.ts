import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { asBuffer, type Bytes, HoldfastError, Secret } from '../../base/index.ts';
import { encodeMasterKey, type MasterKey, parseMasterKey, type Repository } from '../../repository/index.ts';

/** What is sealed: what opens a repository, and for which grant, so that nobody passes it off for another. */
const GrantContent = Type.Object({
  format: Type.Literal(1),
  network: Type.String(),
  grant: Type.Integer(),
  created: Type.String(),
  from: Type.String(),
  to: Type.String(),
  /** Its id. */
  repository: Type.String(),
  config: Type.String(),
  masterKey: Type.Record(Type.String(), Type.Unknown()),
});
type GrantContent = Static<typeof GrantContent>;

/** Which grant, between whom. */
export type GrantNames = Pick<GrantContent, 'network' | 'created' | 'from' | 'to'> & { readonly id: number };

/** What opens a repository. */
export interface GrantedKey {
  readonly repository: string;
  readonly config: string;
  readonly masterKey: Secret<MasterKey>;
}

/** What is sealed for a grant of a repository. */
export function grantContent({ id: grant, ...names }: GrantNames, repository: Repository): Secret<Bytes> {
  const { network, created, from, to } = names;
  const masterKey = JSON.parse(
    Buffer.from(encodeMasterKey(repository.masterKey.reveal())).toString(),
  ) as unknown;
  const content = { format: 1, network, grant, created, from, to, repository: repository.id };
  return new Secret(Buffer.from(JSON.stringify({ ...content, config: repository.configText, masterKey })));
}

/** What was sealed for that very grant. @throws HoldfastError `sealed_invalid` */
export function parseGrantContent(bytes: Bytes, { id, network, created, from, to }: GrantNames): GrantedKey {
  const content = parse(bytes);
  const isSame =
    content !== undefined &&
    content.grant === id &&
    content.network === network &&
    content.created === created &&
    content.from === from &&
    content.to === to;
  if (!isSame)
    throw new HoldfastError('sealed_invalid', `what was sealed for grant ${id} is for something else`);
  const { repository, config, masterKey } = content;
  return { repository, config, masterKey: new Secret(parseMasterKey(masterKey, `grant ${id}`)) };
}

function parse(bytes: Bytes): GrantContent | undefined {
  try {
    const value: unknown = JSON.parse(asBuffer(bytes).toString('utf8'));
    return Check(GrantContent, value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
