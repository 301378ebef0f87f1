import { signerOf } from '../../pki/index.ts';
import { answerBatches } from '../signing/index.ts';

/** The entry point of the thread that signs answers: texts in, their signatures out. */
answerBatches((texts, key) => {
  if (key === undefined) throw new TypeError('nothing to sign with');
  const signer = signerOf(key);
  return texts.map((text) => signer.sign(text));
});
