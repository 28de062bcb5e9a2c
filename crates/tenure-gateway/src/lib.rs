//! tenure-gateway
