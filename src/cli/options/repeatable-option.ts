import { Option } from 'commander';

/** An option that may be said several times; all that was said counts, in its order. */
export class RepeatableOption extends Option {
  /** `parse` makes values of one saying, one unless said. */
  constructor(
    flags: string,
    description: string,
    parse: (text: string) => readonly string[] = (text) => [text],
  ) {
    super(flags, `${description} (repeatable)`);
    this.argParser((text: string, before: readonly string[] | undefined) => [
      ...(before ?? []),
      ...parse(text),
    ]);
  }
}
