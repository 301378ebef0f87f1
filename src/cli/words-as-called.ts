/** The vendors' programs that this one can be called as, by a link of that name. */
const vendorPrograms: readonly string[] = ['sm_ssl_cert', 'certutil'];

/**
 * The words of the command line, with the name by which the program was called in front when that is a vendor's. The
 * launcher says the name in `HOLDFAST_INVOKED_AS`, which ends here: what this program starts is called by its own name.
 */
export function wordsAsCalled(words: readonly string[], environment: NodeJS.ProcessEnv): readonly string[] {
  const { HOLDFAST_INVOKED_AS: name = '' } = environment;
  delete environment.HOLDFAST_INVOKED_AS;
  return vendorPrograms.includes(name) ? [name, ...words] : words;
}
