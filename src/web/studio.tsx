import { render } from 'preact'
import { App } from './app.tsx'
import { startRouter } from './router.ts'
import { applyTheme, meet } from './session.ts'

applyTheme()
startRouter()
void meet()
render(<App />, document.getElementById('app')!)
