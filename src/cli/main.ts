import { enableCompileCache } from 'node:module';

enableCompileCache();
const { run } = await import('./run.ts');
const code = await run(process.argv.slice(2), process.env);
// Output that is lost while it is flushed sets it too, later.
process.exitCode ||= code;
