import { Option } from 'commander';
import { HoldfastError } from '../../base/index.ts';
import { encodeCertificates } from '../files/certificate-file.ts';
import { forceOption, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { askAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { plural } from '../terminal/format.ts';
import type { Word } from '../word.ts';

/** `holdfast ca export FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description("write the authority's root certificate, or its chain, into a file for other programs")
      .argument('<file>', 'the file; one that is there is not replaced')
      .option(
        '--chain',
        'the issuing certificate first, the root last; above an adopted root what stands above it',
      )
      .option(...forceOption)
      .addOption(
        new Option('--format <format>', 'how it is written').choices(['pem', 'der', 'p7']).default('pem'),
      )
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast ca export ca.pem\n  holdfast ca export --chain --format p7 chain.p7b\n',
      );
  },
  run: exportCa,
};

/** What `ca export` takes. */
export interface CaExportOptions {
  readonly chain?: boolean;
  readonly format: 'pem' | 'der' | 'p7';
  readonly force?: boolean;
}

/** `holdfast ca export`: public certificates, so readable for everybody. */
async function exportCa(context: Context, file: string, options: CaExportOptions): Promise<Answer> {
  const { chain = false, format, force = false } = options;
  if (chain && format === 'der') {
    throw new HoldfastError('usage', 'a DER file holds one certificate, and --chain is more', {
      hint: 'holdfast ca export --chain --format pem FILE, or --format p7',
    });
  }
  const path = localPath(context.workingDirectory, file);
  const { certificates } = await askAdmin(context, (admin) => admin.call('ca.export', { chain }));
  const all = certificates.map((text) => Uint8Array.from(Buffer.from(text, 'base64')));
  const ders = format === 'der' ? all.slice(0, 1) : all;
  await writeChosenFile(path, encodeCertificates(ders, format === 'p7' ? 'p7b' : format), {
    mode: 0o644,
    replace: force,
    word: '--force',
  });
  return {
    value: { file: path, certificates: ders.length },
    rows: [row('exported', path, plural(ders.length, 'certificate'))],
  };
}
