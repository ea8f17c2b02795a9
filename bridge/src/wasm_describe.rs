//! Imports and exports of a module as text. Wasmtime's C API aborts on types that C has no name for
//! (v128, 64-bit tables, GC references), and a module can have any type.

use std::ffi::c_void;
use std::fmt::Write;

use wasmtime_c_api::wasmtime::{ExternType, FuncType, Module};
use wasmtime_c_api::wasmtime_module_t;

/// Text as C sees it: not terminated.
#[repr(C)]
pub struct Text {
    data: *const u8,
    len: usize,
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text { data: text.as_ptr(), len: text.len() }
    }
}

/// Mirrors `timerose_wasm_visit_extern`. `module` is empty for an export.
pub type Visit =
    unsafe extern "C" fn(context: *mut c_void, is_import: bool, module: Text, name: Text, kind: Text, ty: Text);

/// "(i32, i64) -> i32"; several results are in parentheses, none is "()".
fn function_text(ty: &FuncType) -> String {
    let params: Vec<String> = ty.params().map(|p| p.to_string()).collect();
    let results: Vec<String> = ty.results().map(|r| r.to_string()).collect();
    let results = if results.len() == 1 { results[0].clone() } else { format!("({})", results.join(", ")) };
    format!("({}) -> {}", params.join(", "), results)
}

fn range_text(min: u64, max: Option<u64>) -> String {
    max.map_or_else(|| format!("{min}.."), |max| format!("{min}..{max}"))
}

fn extern_text(ty: &ExternType) -> (&'static str, String) {
    match ty {
        ExternType::Func(f) => ("function", function_text(f)),
        ExternType::Global(g) => {
            let mutable = if g.mutability().is_var() { "mut " } else { "" };
            ("global", format!("{mutable}{}", g.content()))
        }
        ExternType::Table(t) => {
            let width = if t.is_64() { " (64-bit)" } else { "" };
            ("table", format!("{} {}{width}", range_text(t.minimum(), t.maximum()), t.element()))
        }
        ExternType::Memory(m) => {
            let mut text = format!("{} pages", range_text(m.minimum(), m.maximum()));
            if m.is_64() {
                let _ = write!(text, " (64-bit)");
            }
            if m.is_shared() {
                let _ = write!(text, " (shared)");
            }
            ("memory", text)
        }
        ExternType::Tag(t) => ("tag", function_text(t.ty())),
    }
}

/// Calls `visit` for each import, then for each export.
///
/// # Safety
/// `module` must be live; the texts are valid only during their call.
#[no_mangle]
pub unsafe extern "C" fn timerose_wasm_module_describe(
    module: *const wasmtime_module_t,
    context: *mut c_void,
    visit: Visit,
) {
    // SAFETY: wasmtime_module_t is repr(C) with the Module as its only field.
    const _: () = assert!(std::mem::size_of::<wasmtime_module_t>() == std::mem::size_of::<Module>());
    let module = &*module.cast::<Module>();
    for import in module.imports() {
        let (kind, ty) = extern_text(&import.ty());
        visit(context, true, import.module().into(), import.name().into(), kind.into(), ty.as_str().into());
    }
    for export in module.exports() {
        let (kind, ty) = extern_text(&export.ty());
        visit(context, false, "".into(), export.name().into(), kind.into(), ty.as_str().into());
    }
}
