import { type Static, type TSchema, Type } from 'typebox';
import { Check } from 'typebox/value';
import { HoldfastError } from '../../base/index.ts';

/** What the two ends of a link say to each other, as JSON over HTTP below {@link linkPath}. */
export const linkPath = '/-/link/';

/** The versions of what is said on a link that this program speaks. */
export const linkVersions: readonly number[] = [1];

const Base64 = Type.String({ minLength: 1, maxLength: 1024, pattern: '^[A-Za-z0-9+/]+=*$' });
const Bundle = Type.String({ minLength: 1, maxLength: 1024 * 1024 });
const Name = Type.String({ minLength: 1, maxLength: 300 });

/** What anybody is told who asks: that links are spoken here, in which versions, by which program. */
export const LinkHello = Type.Object({
  holdfastLink: Type.Array(Type.Integer({ minimum: 1, maximum: 1_000_000 }), { maxItems: 100 }),
  program: Type.String({ maxLength: 100 }),
});

/** Both say what they are, and which number of the other they hold. */
export const LinkCheck = Type.Object({ bundle: Bundle, holds: Type.Integer({ minimum: 1 }) });

/** What a step of a test has found. */
export const LinkStep = Type.Object({
  step: Type.String({ maxLength: 100 }),
  ok: Type.Boolean(),
  found: Type.String({ maxLength: 4000 }),
  code: Type.Optional(Type.String({ maxLength: 100 })),
  next: Type.Optional(Type.String({ maxLength: 4000 })),
});
export type LinkStep = Static<typeof LinkStep>;
export const LinkTestBack = Type.Object({ steps: Type.Array(LinkStep, { maxItems: 100 }) });

/** Who pairs: bound into the exchange, so that neither can be exchanged on the way. */
export const PairHello = Type.Object({ site: Name, network: Name, root: Name, networkRoot: Name });
export type PairHello = Static<typeof PairHello>;

export const PairStart = Type.Object({ hello: PairHello, share: Base64 });
export const PairConfirm = Type.Object({ confirmation: Base64 });
export const PairExchange = Type.Object({ bundle: Bundle });

/** What messages that are refused have. */
export const LinkRefusal = Type.Object({
  code: Type.String(),
  message: Type.Optional(Type.String()),
});

/** @throws HoldfastError `input_invalid` for a message that is not of `schema` */
export function readMessage<Schema extends TSchema>(schema: Schema, value: unknown): Static<Schema> {
  if (Check(schema, value)) return value;
  throw new HoldfastError('input_invalid', 'the message is not of the form that a link has', {
    hint: 'bring both sides to the same version of Holdfast',
  });
}
