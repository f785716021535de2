/**
 * The command line as run from the repository: what the command needs and the sources cannot give by themselves (the
 * window, the model server) is built first when it is stale. The packaged application has both.
 */
const needs: Readonly<Record<string, readonly ('renderer' | 'model-server')[]>> = {
  serve: ['renderer', 'model-server'],
  open: ['renderer', 'model-server'],
  demo: ['model-server'],
};

const only = needs[process.argv[2] ?? ''];
if (only !== undefined) {
  const { buildStale } = await import('../build/build.ts');
  await buildStale({ only });
}
await import('../../main/cli/main.ts');

export {};
