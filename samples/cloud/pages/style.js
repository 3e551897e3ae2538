// The look of the app. Class names are generated, see dom.js.
export const sheet = `
* { box-sizing: border-box; }
body { margin: 0; font: 14px/20px ui-sans-serif, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: #172b4d; background: #fff; }
h1 { font-size: 24px; line-height: 28px; font-weight: 500; margin: 0; }
%bar { display: flex; align-items: center; gap: 24px; border-bottom: 2px solid #dcdfe4; padding: 0 24px; height: 48px; }
%brand { font-weight: 600; }
%tabs { display: flex; height: 100%; }
%tab { background: none; border: 0; border-bottom: 2px solid transparent; margin-bottom: -2px; padding: 0 12px; height: 48px; font: inherit; font-weight: 500; color: #44546f; cursor: pointer; }
%tab%current { color: #0c66e4; border-color: #0c66e4; }
%main { display: flex; min-height: calc(100vh - 48px); }
%side { width: 240px; flex: none; border-right: 1px solid #dcdfe4; padding: 16px 8px; }
%group { margin-bottom: 8px; }
%grouphead { width: 100%; text-align: left; background: none; border: 0; padding: 8px; font: inherit; font-size: 11px; font-weight: 700; color: #626f86; cursor: pointer; }
%link { display: block; padding: 8px 8px 8px 24px; border-radius: 3px; color: inherit; text-decoration: none; }
%link%current { background: #e9f2ff; color: #0c66e4; }
%content { flex: 1; min-width: 0; }
%page { padding: 24px 32px; max-width: 1100px; }
%head { display: flex; justify-content: space-between; align-items: center; margin-bottom: 16px; }
%button { font: inherit; font-weight: 500; border: 0; border-radius: 3px; height: 32px; padding: 0 12px; background: #091e420f; color: #172b4d; cursor: pointer; }
%button%primary { background: #0c66e4; color: #fff; }
%button:disabled { color: #091e424f; background: #091e4208; cursor: default; }
%table { width: 100%; border-collapse: collapse; }
%table th { text-align: left; font-size: 12px; color: #626f86; border-bottom: 2px solid #dcdfe4; padding: 8px 4px; }
%table td { border-bottom: 1px solid #f1f2f4; padding: 8px 4px; overflow-wrap: anywhere; }
%more { border: 0; background: none; border-radius: 3px; width: 32px; height: 28px; font-size: 18px; line-height: 1; cursor: pointer; color: #44546f; }
%more:hover { background: #091e420f; }
%quiet, %spinner, %sentinel { color: #626f86; padding: 16px; }
%pages { display: flex; gap: 12px; align-items: center; padding: 16px 0; }
%alert { background: #ffeceb; border-left: 4px solid #c9372c; border-radius: 3px; padding: 12px 16px; margin: 12px 0; }
%form { max-width: 480px; padding-bottom: 72px; }
%field { margin-top: 12px; }
%field%row { display: flex; align-items: center; gap: 12px; }
%label { display: block; font-size: 12px; font-weight: 600; color: #44546f; margin-bottom: 4px; }
%mark { color: #ae2e24; }
%input { font: inherit; width: 100%; height: 36px; border: 1px solid #8590a2; border-radius: 3px; padding: 0 8px; background: #fff; color: inherit; }
%input%area { height: auto; padding: 8px; resize: vertical; }
%input:focus, %input:focus-within { outline: 2px solid #388bff; outline-offset: -1px; }
%input[aria-invalid=true] { border-color: #c9372c; }
%control { display: flex; align-items: center; cursor: pointer; }
%value { position: relative; flex: 1; height: 34px; display: flex; align-items: center; min-width: 0; }
%single, %hint { position: absolute; left: 0; right: 0; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
%hint { color: #626f86; }
%typed { font: inherit; border: 0; outline: 0; background: none; width: 100%; height: 32px; position: relative; padding: 0; }
%arrow { color: #44546f; }
%problem { color: #ae2e24; font-size: 12px; margin-top: 4px; }
%toggle { position: relative; display: inline-block; width: 40px; height: 20px; }
%check { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; z-index: 1; cursor: pointer; }
%slider { position: absolute; inset: 0; border-radius: 10px; background: #626f86; }
%slider::after { content: ''; position: absolute; width: 16px; height: 16px; border-radius: 8px; background: #fff; top: 2px; left: 2px; transition: left .1s; }
%check:checked + %slider { background: #1f845a; }
%check:checked + %slider::after { left: 22px; }
%check:focus-visible + %slider { outline: 2px solid #388bff; outline-offset: 2px; }
%foot { display: flex; gap: 8px; padding: 16px 0; margin-top: 8px; position: sticky; bottom: 0; background: #fff; }
%list, %menu { position: fixed; z-index: 30; background: #fff; border-radius: 3px; box-shadow: 0 0 1px #091e424f, 0 8px 12px #091e4226; }
%list { overflow-y: auto; }
%room { position: relative; }
%option { position: absolute; left: 0; right: 0; height: 36px; padding: 8px 12px; cursor: pointer; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
%option%active, %option:hover { background: #f1f2f4; }
%none { padding: 8px 12px; color: #626f86; }
%menu { padding: 4px 0; min-width: 160px; }
%item { display: block; width: 100%; text-align: left; border: 0; background: none; font: inherit; padding: 8px 16px; cursor: pointer; }
%item:hover { background: #f1f2f4; }
%item%danger { color: #ae2e24; }
%veil { position: fixed; inset: 0; background: #091e427a; z-index: 20; overflow: auto; padding: 32px 0; }
%dialog { background: #fff; border-radius: 3px; width: 560px; max-width: 95vw; margin: 0 auto; padding: 24px; }
%toast { position: fixed; left: 24px; bottom: 24px; z-index: 40; background: #fff; border-radius: 3px; padding: 16px; box-shadow: 0 0 1px #091e424f, 0 8px 12px #091e4226; }
%cover { position: fixed; left: 0; right: 0; bottom: 0; height: 120px; z-index: 50; background: #1d2125; color: #fff; padding: 24px; }
`;
