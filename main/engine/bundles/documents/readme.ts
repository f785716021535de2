import type { GenerationDescription } from '../../../formats/bundle/generation.ts';
import { curlLines } from '../curl-lines.ts';
import type { BundleFacts } from './facts.ts';

const PORT = 8080;

/** How to run the bundle on any machine with Node. */
export function readme({ version, generation }: BundleFacts, exampleFile: string): string {
  const writes = generation !== undefined;
  const lines = curlLines(`http://127.0.0.1:${PORT}`, version.modelName, version.version, exampleFile, writes);
  return `# ${version.modelName}, version ${version.version}: bundle

Everything that this model needs to answer requests, and everything known about it.

## Run it

Needs Node 22 or later and, once, the npm registry for ONNX Runtime:

\`\`\`sh
npm install --omit=dev --ignore-scripts
node model-server.mjs --bundle . --port ${PORT}
\`\`\`

The server checks every file against \`checksums.txt\` before it starts, answers to this machine only unless \`--host\` says
otherwise, writes one line of JSON per prediction to its standard output, and ends on SIGTERM once it has answered. It has no
access control: put a proxy with TLS and authentication in front of it before other machines may reach it.

## Ask it

It speaks the [Open Inference Protocol](https://github.com/kserve/open-inference-protocol), version 2, over HTTP, also with
binary tensors.

${lines.map(({ title, line }) => `${title}\n\n\`\`\`sh\n${line}\n\`\`\``).join('\n\n')}

The graph itself, \`model.onnx\`, is standard ONNX with the preprocessing inside; any ONNX runtime can load it.

## Check it

\`\`\`sh
sha256sum --check checksums.txt
\`\`\`

The digest of the bundle is the SHA-256 of \`checksums.txt\`.

## What is here

| File | What it is |
|---|---|
| \`model.onnx\` | The model, from raw input to answer |
| \`bundle.json\` | Name, version and task of the model |
| \`signature.json\` | Inputs and outputs |
${generation === undefined ? '' : generationRows(generation)}| \`labels.json\` | The classes, in the order of the output |
| \`input-example.json\` | A real request |
| \`model-card.md\` | What the model is, what it learned from, how good it is; and what people still have to write |
| \`metrics.json\` | The figures of the run and of its evaluations |
| \`lineage.json\` | What led to this model, by digest |
| \`parity.json\` | The comparison of this graph with the one that was trained |
| \`sbom.cdx.json\` | Bill of materials, CycloneDX 1.6 |
| \`model-server.mjs\`, \`package.json\` | The server program and what it needs installed |
| \`third-party-notices.txt\` | Licences of what is built into the server program |
`;
}

function generationRows({ graph, cache }: GenerationDescription): string {
  const own = `| \`${graph}\` | The same model, which keeps keys and values of what it has read |\n`;
  return `| \`generation.json\` | How it goes on with a text, and its tokens |\n${cache.length === 0 ? '' : own}`;
}
