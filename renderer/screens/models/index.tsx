import { Route, Routes } from 'react-router';
import { ModelPage } from './model-page.tsx';
import { ModelsPage } from './models-page.tsx';
import { VersionPage } from './version-page.tsx';

export default function ModelsScreen() {
  return (
    <Routes>
      <Route index element={<ModelsPage />} />
      <Route path=":modelName" element={<ModelPage />} />
      <Route path=":modelName/:version" element={<VersionPage />} />
    </Routes>
  );
}
