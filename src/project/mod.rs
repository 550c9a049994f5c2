pub mod dependencies;
pub mod python_versions;
