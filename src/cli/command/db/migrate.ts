import { parseDatabaseUrl } from '../../creation-options.ts';
import type { DefineCommand } from '../../define-command.ts';

/** `holdfast db migrate --to URL` */
export const defineDbMigrate: DefineCommand = (command, start) => {
  command
    .summary('move the records of the authority into PostgreSQL')
    .description(
      'move all that is on record of the authority from the file in the home into an empty PostgreSQL database, count it there, ' +
        'and check the log against its chain and every table. From then on holdfast.toml names the database',
    )
    .requiredOption(
      '--to <url>',
      'postgres://user@host/database; the password is read from ~/.pgpass or ?passfile=FILE',
      parseDatabaseUrl,
    )
    .addHelpText('after', '\nExample:\n  holdfast db migrate --to postgres://holdfast@db.example/holdfast\n')
    .action(async ({ to }: { readonly to: string }) => {
      const { migrateDatabase } = await import('../../migrating-database.ts');
      await migrateDatabase(start(command), to);
    });
};
