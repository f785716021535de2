import { Route, Routes } from 'react-router';
import { BundlePage } from './bundle-page.tsx';
import { DeployPage } from './deploy-page.tsx';
import { EndpointPage } from './endpoint-page.tsx';

export default function DeployScreen() {
  return (
    <Routes>
      <Route index element={<DeployPage />} />
      <Route path="bundles/:digest" element={<BundlePage />} />
      <Route path=":endpoint/:tab?" element={<EndpointPage />} />
    </Routes>
  );
}
