import { Route, Routes } from 'react-router';
import { DatasetPage } from './dataset-page.tsx';
import { DatasetsPage } from './datasets-page.tsx';

export default function DataScreen() {
  return (
    <Routes>
      <Route index element={<DatasetsPage />} />
      <Route path=":digest" element={<DatasetPage />} />
    </Routes>
  );
}
