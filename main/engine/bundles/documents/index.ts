import { BUNDLE_FORMAT, type BundleDescription } from '../../../formats/bundle/bundle-folder.ts';
import { GENERATION } from '../../../formats/bundle/generation.ts';
import { billOfMaterials } from './bill-of-materials.ts';
import type { BundleFacts } from './facts.ts';
import { modelCard } from './model-card.ts';
import { readme } from './readme.ts';

export const INPUT_EXAMPLE = 'input-example.json';

/** The written files of a bundle by name. A pure function of the facts: the same facts, the same bytes. */
export function documents(facts: BundleFacts): Readonly<Record<string, string>> {
  const { version } = facts;
  const description: BundleDescription = {
    format: BUNDLE_FORMAT,
    modelName: version.modelName,
    version: version.version,
    modelVersionDigest: version.digest,
    task: version.task,
  };
  return {
    'README.md': readme(facts, INPUT_EXAMPLE),
    'bundle.json': json(description),
    ...(facts.generation === undefined ? {} : { [GENERATION]: json(facts.generation) }),
    'labels.json': json({ classes: version.classes }),
    'lineage.json': json({
      nodes: facts.lineage.nodes.toSorted((a, b) => order(a.digest, b.digest)),
      edges: facts.lineage.edges.toSorted((a, b) => order(a.from + a.to, b.from + b.to)),
    }),
    'metrics.json': json({ metrics: version.metrics, evaluations: facts.evaluations }),
    'model-card.md': modelCard(facts),
    'parity.json': json(facts.parity),
    'sbom.cdx.json': billOfMaterials(facts),
    'signature.json': json(version.signature),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
