// By its parts, because the whole also loads validators, which look for their files beside themselves and find none in a bundle.
import * as Enums from '@cyclonedx/cyclonedx-library/Enums';
import * as Models from '@cyclonedx/cyclonedx-library/Models';
import * as Serialize from '@cyclonedx/cyclonedx-library/Serialize';
import * as SPDX from '@cyclonedx/cyclonedx-library/SPDX';
import * as Spec from '@cyclonedx/cyclonedx-library/Spec';
import type { BundleFacts, ServerComponent } from './facts.ts';

const { Component, Property } = Models;
type Component = Models.Component;

/** The Node releases the model server was built for. */
const NODE_RANGE = '>=22';

/**
 * The bill of materials in CycloneDX 1.6: the model (with the ML-BOM's model card), the data it learned from, the server
 * program with every package inside it, and what has to be installed beside it. No time and no random serial number: the
 * same version gives the same document.
 */
export function billOfMaterials(facts: BundleFacts): string {
  const { version, dataset } = facts;
  const bom = new Models.Bom({ serialNumber: `urn:uuid:${uuidOf(version.digest)}` });
  const data = new Component(Enums.ComponentType.Data, dataset.name, {
    bomRef: 'dataset',
    version: String(dataset.version),
    description: dataset.description,
  });
  data.hashes.set(Enums.HashAlgorithm['SHA-256'], dataset.digest);
  if (dataset.licence !== '') data.licenses.add(licenceOf(dataset.licence));

  const model = new Component(Enums.ComponentType.MachineLearningModel, version.modelName, {
    bomRef: 'model',
    version: String(version.version),
    description: version.description,
  });
  model.hashes.set(Enums.HashAlgorithm['SHA-256'], version.onnxDigest);
  for (const [name, value] of [
    ['lightbench:modelVersionDigest', version.digest],
    ['lightbench:checkpointDigest', version.checkpointDigest],
    ['lightbench:runId', version.runId],
  ])
    model.properties.add(new Property(name, value));
  model.dependencies.add(data.bomRef);

  const program = new Component(Enums.ComponentType.Application, 'lightbench-model-server', {
    bomRef: 'server',
    version: facts.applicationVersion,
    description: 'Serves the model by the Open Inference Protocol',
  });
  const node = new Component(Enums.ComponentType.Platform, 'node', {
    bomRef: 'node',
    version: NODE_RANGE,
    description: 'JavaScript runtime; not part of the bundle',
  });
  node.licenses.add(new Models.SpdxLicense('MIT'));
  program.dependencies.add(node.bomRef);
  const packages = packagesOf(facts.components);
  for (const { component } of packages) program.dependencies.add(component.bomRef);
  for (const { component, about } of packages)
    for (const name of about.dependsOn)
      for (const other of packages) if (other.about.name === name) component.dependencies.add(other.component.bomRef);

  bom.metadata.component = model;
  bom.metadata.tools.components.add(
    new Component(Enums.ComponentType.Application, 'lightbench', { version: facts.applicationVersion }),
  );
  for (const component of [data, program, node, ...packages.map((one) => one.component)]) bom.components.add(component);
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return withModelCard(serializer.serialize(bom, { sortLists: true }), facts);
}

interface Package {
  readonly about: ServerComponent;
  readonly component: Component;
}

/** One component per name and version, though a package may lie in several places. */
function packagesOf(components: readonly ServerComponent[]): Package[] {
  const found = new Map<string, Package>();
  for (const about of components) {
    const key = `${about.name}@${about.version}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { about, component: packageComponent(about) });
    else known.component.properties.add(new Property('lightbench:included', about.kind));
  }
  return [...found.values()];
}

function packageComponent(about: ServerComponent): Component {
  const [scope, name] = about.name.startsWith('@') ? about.name.split('/') : [undefined, about.name];
  const purl = `pkg:npm/${scope === undefined ? '' : `${encodeURIComponent(scope)}/`}${name}@${about.version}`;
  const component = new Component(Enums.ComponentType.Library, name, {
    bomRef: purl,
    version: about.version,
    description: about.description,
    purl,
    scope: Enums.ComponentScope.Required,
  });
  if (scope !== undefined) component.group = scope;
  if (about.sha512 !== '') component.hashes.set(Enums.HashAlgorithm['SHA-512'], about.sha512);
  if (about.licence !== '') component.licenses.add(licenceOf(about.licence));
  component.properties.add(new Property('lightbench:included', about.kind));
  return component;
}

function licenceOf(text: string): Models.License {
  const known: boolean = SPDX.isSupportedSpdxId(text);
  if (known) return new Models.SpdxLicense(text);
  // An expression of SPDX combines identifiers; anything else is the name that somebody gave a licence.
  if (/^[\w.+-]+( (AND|OR|WITH) [\w.+-]+)+$/.test(text.replace(/[()]/g, ''))) return new Models.LicenseExpression(text);
  return new Models.NamedLicense(text);
}

/** How models of a task learn, in the words of CycloneDX, where nobody labels what they learn from. */
const APPROACHES: Readonly<Record<string, string>> = {
  'image-generation': 'unsupervised',
  'language-modeling': 'self-supervised',
};

/** The library does not know the model card of CycloneDX 1.5 and later yet, so it is added to what it wrote. */
function withModelCard(text: string, { version, run }: BundleFacts): string {
  const bom = JSON.parse(text) as { metadata: { component: Record<string, unknown> } };
  bom.metadata.component.modelCard = {
    modelParameters: {
      approach: { type: APPROACHES[version.task] ?? 'supervised' },
      task: version.task,
      architectureFamily: String(run.params['model.kind'] ?? 'neural network'),
      datasets: [{ ref: 'dataset' }],
      inputs: version.signature.inputs.map((one) => ({ format: `${one.datatype} [${one.shape.join(', ')}]` })),
      outputs: version.signature.outputs.map((one) => ({ format: `${one.datatype} [${one.shape.join(', ')}]` })),
    },
    quantitativeAnalysis: {
      performanceMetrics: Object.entries(version.metrics).map(([type, value]) => ({ type, value: String(value) })),
    },
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

/** A name-based UUID (RFC 9562, version 8) out of a digest. */
function uuidOf(digest: string): string {
  const hex = `${digest.slice(0, 12)}8${digest.slice(13, 16)}8${digest.slice(17, 32)}`;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
