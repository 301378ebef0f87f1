import { Type } from 'typebox';
import { logKind, Serial } from '../log-kind.ts';

const Files = Type.Array(Type.Object({ name: Type.String(), bytes: Type.Integer(), sha256: Type.String() }));

/** An administrator would publish a release where that takes two of them. */
export const releaseProposed = logKind({
  name: 'release proposed',
  details: Type.Object({ version: Type.String(), files: Files }),
});

/** What machines are offered to run is another release, none any more, or signed by another key. */
export const releaseSigned = logKind({
  name: 'release signed',
  details: Type.Object({
    why: Type.Enum(['published', 'withdrawn', 'renewed']),
    /** What is offered; null for nothing. */
    version: Type.Union([Type.String(), Type.Null()]),
    /** The number of the manifest. */
    sequence: Type.Integer(),
    /** Of the certificate that signed it. */
    serial: Serial,
    files: Files,
    /** The release that is offered no more. */
    withdrawn: Type.Optional(Type.String()),
  }),
});
