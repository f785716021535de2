import type { Built } from './built.ts';
import { ensemble } from './ensemble/ensemble.ts';
import { mixtureOfExperts } from './ensemble/mixture.ts';
import { diffusion } from './generative/diffusion.ts';
import { gan } from './generative/gan.ts';
import { vae } from './generative/vae.ts';
import { graphNetwork } from './graph/graph-network.ts';
import { convolutionalTransformer } from './hybrid/convolutional-transformer.ts';
import { importedFamily } from './imported/imported-family.ts';
import { ownModel } from './own/program-module.ts';
import { recurrentEncoderDecoder } from './recurrent/encoder-decoder.ts';
import { recurrentModel } from './recurrent/recurrent-model.ts';
import type {
  ArchitectureSpec,
  ImageEmbeddingSpec,
  InputSignature,
  LayeredSpec,
  OutputSignature,
} from './specification.ts';
import { embeddingNetwork, wideAndDeep } from './tabular/tabular-models.ts';
import { transformerDecoder, transformerEncoder, transformerEncoderDecoder } from './transformer/transformer-models.ts';
import { detector } from './vision/detector.ts';
import { unet } from './vision/unet.ts';

/** Builds the whole model of a spec, output layer included. @throws GraphError where sizes or signatures do not fit. */
export type Family<Spec> = (spec: Spec, input: InputSignature, output: OutputSignature) => Built;

type FamilySpec = Exclude<ArchitectureSpec, LayeredSpec | ImageEmbeddingSpec>;
type Families = { readonly [Kind in FamilySpec['kind']]: Family<Extract<FamilySpec, { kind: Kind }>> };

/** What is more than a list of layers: one entry per kind, its spec and its builder in a folder of their own. */
const families: Families = {
  graph_network: graphNetwork,
  unet,
  detector,
  recurrent: recurrentModel,
  recurrent_encoder_decoder: recurrentEncoderDecoder,
  transformer_encoder: transformerEncoder,
  transformer_decoder: transformerDecoder,
  transformer_encoder_decoder: transformerEncoderDecoder,
  vae,
  gan,
  diffusion,
  mixture_of_experts: mixtureOfExperts,
  ensemble,
  embedding_mlp: embeddingNetwork,
  wide_and_deep: wideAndDeep,
  convolutional_transformer: convolutionalTransformer,
  imported: importedFamily,
  own: ownModel,
};

export const familyOf = (kind: string): Family<ArchitectureSpec> | undefined =>
  (families as Readonly<Record<string, Family<ArchitectureSpec>>>)[kind];
