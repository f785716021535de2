/** Where things are found in the window. One place, so that screens can point at each other without knowing each other. */
export const paths = {
  home: () => '/',
  data: () => '/data',
  /** `search`: a filter as made by `itemFilterToSearch`, and `tab`. */
  dataset: (digest: string, search = '') => `/data/${digest}${search === '' ? '' : `?${search}`}`,
  label: () => '/label',
  labelSet: (id: string, search = '') => `/label/${encodeURIComponent(id)}${search === '' ? '' : `?${search}`}`,
  train: (search = '') => `/train${search === '' ? '' : `?${search}`}`,
  runs: () => '/runs',
  run: (id: string) => `/runs/${encodeURIComponent(id)}`,
  models: () => '/models',
  model: (name: string) => `/models/${encodeURIComponent(name)}`,
  modelVersion: (name: string, version: number) => `/models/${encodeURIComponent(name)}/${version}`,
  deploy: () => '/deploy',
  endpoint: (name: string) => `/deploy/${encodeURIComponent(name)}`,
  review: () => '/review',
  activity: (search = '') => `/activity${search === '' ? '' : `?${search}`}`,
  settings: (section = 'people') => `/settings/${section}`,
} as const;
