pub mod dependencies;
pub mod evidence;
pub mod python_versions;
